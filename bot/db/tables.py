"""All tables: who copies, compares or migrates them takes them from here, so that none is forgotten."""

from bot.db.film_models import FilmRow
from bot.db.guild_models import AppealRow, AuditRow, GuildRow, MemberRow, ReportRow, StrikeRow
from bot.db.models import Base, Generation, QuoteRow, StateRow
from bot.db.review_models import ReviewRow

METADATA = Base.metadata
ROWS: tuple[type[Base], ...] = (
    Generation,
    QuoteRow,
    StateRow,
    FilmRow,
    GuildRow,
    MemberRow,
    AuditRow,
    ReportRow,
    AppealRow,
    StrikeRow,
    ReviewRow,
)
