"""Faces in a video, frame by frame: tracked, smoothed, drawn. Knows neither Streamlit nor WebRTC."""
