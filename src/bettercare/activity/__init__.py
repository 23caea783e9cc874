"""From records to indicators: feeds, links, counts, and the one door through which counts leave."""
