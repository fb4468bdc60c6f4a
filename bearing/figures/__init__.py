"""Arrays, results and diagnoses as Plotly figures; the only room that knows plotly. No Streamlit, no maths."""
