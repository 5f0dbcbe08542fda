"""The words for refusals and reasons of learning; part of webapp.web.messages."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "unknown_lesson": ("没有找到这节课程", "No such lesson"),
    "lesson_too_quick": (
        "再看一会儿吧，还差大约 {seconds} 秒",
        "Please read a little longer: about {seconds} seconds to go",
    ),
    "unknown_question": ("题库里没有这道题", "No such question in the bank"),
    "unknown_import": ("没有找到这份文件", "No such file"),
    "questions_columns": (
        "工作表“{sheet}”第 {line} 行缺少这些列：{missing}",
        "Sheet “{sheet}”, line {line}: these columns are missing: {missing}",
    ),
    "questions_faulty": (
        "还有 {count} 行有问题，改好后重新上传；现在什么都没有入库",
        "{count} lines are faulty; correct them and send the file again. Nothing has been taken in",
    ),
    "bank_changed": (
        "题库在预览之后有变化，请重新上传这份文件",
        "The bank has changed since this preview; please send the file again",
    ),
    "unknown_quiz": ("没有找到这个测验", "No such quiz"),
    "quiz_closed": ("这个测验已关闭", "This quiz is closed"),
    "quiz_short": (
        "题库里符合条件的题只有 {have} 道，需要 {need} 道",
        "The bank has {have} fitting questions; {need} are needed",
    ),
    "unknown_attempt": ("没有找到这次作答", "No such attempt"),
    "attempt_over": ("这次作答已经结束，不能再改", "This attempt is over; nothing can be changed"),
    "answered_already": (
        "这道题已经作答并看过解析，不能再改",
        "This question has been answered and explained; it stays",
    ),
    "unknown_session": ("没有找到这场讲座", "No such session"),
    "session_cancelled": ("这场讲座已取消", "This session was called off"),
    "session_over": ("这场讲座已经结束", "This session is over"),
    "session_begun": ("讲座已经开始，不能再取消报名", "It has begun; you can no longer sign off"),
    "session_not_begun": (
        "还没到签到时间，开始前 30 分钟起可以签到",
        "Too early: attendance opens 30 minutes before it begins",
    ),
    "not_signed_up": ("您还没有报名，请先报名再签到", "You have not signed up; please do that first"),
    "still_waiting": (
        "您还在候补名单上，请找组织者登记",
        "You are on the waiting list; please ask the organiser to enter you",
    ),
    "sessions_managers_only": ("只有单元管理员和编辑可以办讲座", "Only unit administrators and editors hold sessions"),
    "unknown_sign_up": ("没有找到这条报名", "No such sign-up"),
}

REASONS: dict[str, tuple[str, str]] = {
    "option_gap": (
        "前面的选项空着，请按 A、B、C 依次填写",
        "An option before this one is empty; please fill in A, B, C in order",
    ),
    "option_twice": ("和前面的选项相同", "The same as an option before"),
    "answer_letters": ("答案请写选项字母，例如 B 或 ACD", "Write the letters of the options, such as B or ACD"),
    "answer_without_option": ("答案里有没填写的选项", "The answer names an option that is not there"),
    "one_answer": ("只能有一个正确答案", "There is exactly one right answer"),
    "several_answers": ("多选题至少有两个正确答案", "At least two answers are right when several can be chosen"),
    "question_known": ("题库里已有题干相同的题", "The bank has a question of the same text"),
    "question_differs": (
        "题库里已有题干相同、内容不同的题，请到题库里修改那一道",
        "The bank has this question with other content; please edit that one",
    ),
    "below_taken": ("少于已报名的人数", "Fewer than have signed up"),
}
