"""What a writer answers: sentences, each with where it stands if it tells of its reader."""

from typing import Annotated, NamedTuple

from pydantic import BaseModel, Field

from linkwright.mailer.research.reading import Page

MOST_SUBJECT = 120
_MOST_SENTENCE = 500

Words = Annotated[str, Field(max_length=_MOST_SENTENCE)]


class Sentence(BaseModel):
    """One sentence. `source` is the number of the page whose words `quote` are, null if it tells
    nothing of the reader.
    """

    text: Words
    source: int | None
    quote: Words | None


class Paragraph(BaseModel):
    sentences: Annotated[list[Sentence], Field(max_length=8)]


class DraftEmail(BaseModel):
    """Without greeting, signature and footer, which are added."""

    subject: Annotated[str, Field(max_length=300)]
    paragraphs: Annotated[list[Paragraph], Field(max_length=6)]


class Draft(BaseModel):
    """What is known of the company, why it may want to hear of us, and an email for each step."""

    summary: Annotated[list[Sentence], Field(max_length=6)]
    angle: Words
    emails: Annotated[list[DraftEmail], Field(max_length=10)]


class Task(NamedTuple):
    """Who is written to, by whom, and what was read of them. `language` is one we have words of."""

    language: str
    first_name: str
    company: str
    sender: str
    # What the lead and the campaign say: a sentence may say it again.
    known: str
    steps: int
    pages: list[Page]
