"""页面 (pages): what people read of quality: own HTML and inline SVG, no script, nothing from elsewhere."""
