"""An agent that looks at what there is, step by step, and tells what it found."""
