"""What this library costs, measured as whole processes beside what others cost."""
