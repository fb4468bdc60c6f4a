"""Diagnose."""

import streamlit as st

st.title("Diagnose")
