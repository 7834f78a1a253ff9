"""What is done in a case beside running the pipeline again until it is done."""
