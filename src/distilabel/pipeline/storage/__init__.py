"""What a pipeline keeps on disk: chunks, routes, output."""
