"""What `make` calls: a module for each job."""
