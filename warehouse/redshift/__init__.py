"""The warehouse in AWS: the same star and the same two verbs, publish and read, on Amazon Redshift."""
