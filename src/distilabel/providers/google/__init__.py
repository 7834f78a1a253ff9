"""Google's APIs: the Gemini API and Vertex AI."""
