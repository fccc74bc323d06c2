"""The rehearsal host and its surroundings are to a host what EC2 and its surroundings are."""
