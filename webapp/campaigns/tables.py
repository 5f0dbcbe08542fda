"""Rows of the campaigns room: campaigns, tasks, who joined, their progress, teams' sums, bonuses and badges."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from webapp.store import BigId, JsonText, UtcDateTime, metadata

campaign = Table(
    "campaign",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("slug", String(60), nullable=False, unique=True),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("summary_zh", Text, nullable=False, server_default=""),
    Column("summary_en", Text, nullable=False, server_default=""),
    Column("body_zh", Text, nullable=False, server_default=""),
    Column("body_en", Text, nullable=False, server_default=""),
    Column("theme_zh", Text, nullable=False, server_default=""),
    Column("theme_en", Text, nullable=False, server_default=""),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    # {"all": true}, {"kinds": ["company", …]} or {"units": [1, 2]}
    Column("audience", JsonText, nullable=False),
    # Percent of the base points: 150 pays half as much again. Grams are never multiplied.
    Column("multiplier", Integer, nullable=False, server_default="100"),
    Column("bonus_budget", BigInteger),
    Column("bonus_spent", BigInteger, nullable=False, server_default="0"),
    Column("dry_at", UtcDateTime),
    Column("status", String(9), nullable=False, server_default="draft"),
    Column("created_at", UtcDateTime, nullable=False),
    # Bonuses of a campaign with a fund are decided and drawn after its end; without one they are paid as they arise.
    Column("fund_id", BigInteger),
    Column("decided_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("last_call_at", UtcDateTime),
    # For whoever completes every task; no name, no badge.
    Column("badge_zh", String(20), nullable=False, server_default=""),
    Column("badge_en", String(40), nullable=False, server_default=""),
    Column("badge_icon", String(24), nullable=False, server_default=""),
    CheckConstraint("ends_at > starts_at", name="window"),
    CheckConstraint("multiplier BETWEEN 100 AND 500", name="multiplier"),
    CheckConstraint(
        "bonus_spent >= 0 AND (bonus_budget IS NULL OR bonus_spent <= bonus_budget)",
        name="budget",
    ),
    CheckConstraint("status IN ('draft', 'scheduled', 'open', 'closed', 'settled', 'archived')", name="status"),
    Index("ix_campaign_status", "status", "ends_at"),
)

campaign_task = Table(
    "campaign_task",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("campaign_id", BigInteger, nullable=False, index=True),
    Column("day", Date),  # one theme day, or null for the whole window
    Column("kind", String(8), nullable=False),
    Column("behaviours", JsonText, nullable=False),  # codes; empty means any
    Column("domains", JsonText, nullable=False),  # 吃穿住行用; empty means any
    Column("target", BigInteger, nullable=False),
    Column("reward_points", BigInteger, nullable=False, server_default="0"),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("unit_zh", Text, nullable=False, server_default=""),
    Column("unit_en", Text, nullable=False, server_default=""),
    Column("sort", Integer, nullable=False, server_default="100"),
    # What the kind needs besides: which quiz, session, pledge, place or team; see points_engine.campaign.Rule.
    Column("rule", JsonText, nullable=False, server_default="{}"),
    Column("badge_zh", String(20), nullable=False, server_default=""),
    Column("badge_en", String(40), nullable=False, server_default=""),
    Column("badge_icon", String(24), nullable=False, server_default=""),
    # Up to when quizzes, sessions and signatures of other rooms have been looked through.
    Column("looked_until", UtcDateTime),
    CheckConstraint(
        "kind IN ('log', 'days', 'grams', 'amount', 'streak', 'quiz', 'pledge', 'team', 'scan', 'session')",
        name="kind",
    ),
    CheckConstraint("target > 0", name="target_positive"),
    CheckConstraint("reward_points >= 0", name="reward_not_negative"),
)

campaign_join = Table(
    "campaign_join",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("joined_at", UtcDateTime, nullable=False),
    # How much of the member's ledger this campaign has seen.
    Column("seen_seq", BigInteger, nullable=False, server_default="0"),
    Index("ix_campaign_join_campaign", "campaign_id", "member_id"),
)

task_progress = Table(
    "task_progress",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("task_id", BigInteger, primary_key=True, autoincrement=False),
    Column("progress", BigInteger, nullable=False),
    Column("completed_at", UtcDateTime),
    CheckConstraint("progress >= 0", name="progress_not_negative"),
)

# One row a bonus: an act multiplied or a task completed; the row decides, the ledger pays.
campaign_bonus = Table(
    "campaign_bonus",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("cause", String(60), primary_key=True),  # act:<activity id>, task:<task id>, or acts (all, from a fund)
    Column("points", BigInteger, nullable=False),
    # paid, returned (taken back), kept (could not be taken back), dry (the budget was empty);
    # from a fund: due (decided, not drawn yet), frozen (waits for the account)
    Column("status", String(8), nullable=False),
    # A task completed again after its bonus was taken back is paid under a new key.
    Column("round", Integer, nullable=False, server_default="1"),
    Column("decided_at", UtcDateTime, nullable=False),
    # Who is paid first from a fund: tasks by the microsecond they were completed, then multiplied points, small ones first.
    Column("rank", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("points > 0", name="points_positive"),
    CheckConstraint("status IN ('paid', 'returned', 'kept', 'dry', 'due', 'frozen')", name="status"),
    Index("ix_campaign_bonus_campaign", "campaign_id", "status", "rank"),
)

# What a member brought to a team goal, by the unit they belonged to that day; unit 0 is the whole campaign.
campaign_share = Table(
    "campaign_share",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("task_id", BigInteger, primary_key=True, autoincrement=False),
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("amount", BigInteger, nullable=False),
    CheckConstraint("amount >= 0", name="amount_not_negative"),
    Index("ix_campaign_share_task", "task_id", "unit_id"),
)

campaign_team = Table(
    "campaign_team",
    metadata,
    Column("task_id", BigInteger, primary_key=True, autoincrement=False),
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("total", BigInteger, nullable=False),
    Column("people", Integer, nullable=False),
    Column("reached_at", UtcDateTime),
    CheckConstraint("total >= 0", name="total_not_negative"),
)

# A badge as it was given; task 0 is for the whole campaign. It keeps its own words, whatever becomes of the campaign.
campaign_badge = Table(
    "campaign_badge",
    metadata,
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("task_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name_zh", String(20), nullable=False),
    Column("name_en", String(40), nullable=False),
    Column("icon", String(24), nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Index("ix_campaign_badge_given", "campaign_id", "task_id"),
)

# A summary for filing as it was made; a version is never changed. Pictures are [id, captions, SHA-256], in order.
campaign_summary = Table(
    "campaign_summary",
    metadata,
    Column("campaign_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("figures", JsonText, nullable=False),
    Column("pictures", JsonText, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("checksum", String(64), nullable=False),
    Column("made_by", BigInteger, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

campaign_picture = Table(
    "campaign_picture",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("campaign_id", BigInteger, nullable=False, index=True),
    Column("blob", String(40), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("caption_zh", String(80), nullable=False),
    Column("caption_en", String(80), nullable=False, server_default=""),
    Column("added_by", BigInteger, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
)
