"""Makes the application's database roles from inside the VPC, where alone the database answers."""
