"""From data to a Plotly figure, in one style. Knows neither where data come from nor who looks."""
