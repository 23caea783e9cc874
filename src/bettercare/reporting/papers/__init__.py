"""Papers for boards and the public, made from a plan and its forecast, as PDF and as Word."""

from bettercare.reporting.papers.board import paper_from_plan
from bettercare.reporting.papers.easy_read import next_steps
from bettercare.reporting.papers.paper import Paper
from bettercare.reporting.papers.summary import summary_of_plan
from bettercare.reporting.papers.typst_pdf import pdf, write_pdf
from bettercare.reporting.papers.word import docx, write_docx

__all__ = ["Paper", "docx", "next_steps", "paper_from_plan", "pdf", "summary_of_plan", "write_docx", "write_pdf"]
