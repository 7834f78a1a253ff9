"""AWS: Bedrock, S3 and Signature Version 4."""
