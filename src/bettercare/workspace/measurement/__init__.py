"""The Nerve Centre: indicators as control charts, what people do about them, and the feeds that they rest on."""
