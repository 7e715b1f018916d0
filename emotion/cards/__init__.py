"""A model's card as Markdown, from a template. Knows what a card holds, not how it was measured."""
