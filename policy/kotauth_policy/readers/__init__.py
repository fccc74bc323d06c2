"""What several rules know: resources of AWS and Docker, IAM documents, user data and the containers in it, Kotauth."""
