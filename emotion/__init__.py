"""What the product knows. Imports no Streamlit, so that pages, tests and the command line share it."""
