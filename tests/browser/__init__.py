"""Every page in a real Chromium: accessibility, layout, weight and the journeys people make."""
