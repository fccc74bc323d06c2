"""`make pictures` draws the stacks for docs/pictures.md from their own resource graphs, as previews plan them."""
