"""What a pipeline is: its graph, its inputs, its drawing."""
