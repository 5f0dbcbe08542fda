"""The words of green units, their lists and tables that are sent in; messages.py puts them with the others."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "not_for_children": ("未满 14 岁的账号不能这样做", "Accounts of people under fourteen cannot do this"),
    "part_in_itself": ("不能移到自己或自己的下级里", "A part cannot be moved into itself or what is under it"),
    "part_too_deep": ("部门最多 {most} 级", "Parts go at most {most} levels deep"),
    "too_many_parts": ("一个单元最多 {most} 个部门", "A unit has at most {most} parts"),
    "guardian_redeems": ("未满 14 岁，请监护人代为兑换", "Under fourteen, a guardian redeems"),
    "has_children": (
        "请先把孩子的账号交给家里另一位大人，或者注销",
        "First hand your children's accounts over, or close them",
    ),
    "needs_family": ("请先建立或加入家庭", "Set up or join a family first"),
    "too_many_children": ("最多建立 {most} 个孩子账号", "At most {most} accounts of children"),
    "list_dropped": ("这份名单已经作废，请重新上传", "This list was dropped; please upload it again"),
    "unknown_invitation": ("没有这个邀请，可能已经处理", "No such invitation; it may have been answered"),
    "unknown_list": ("没有这份名单", "No such list"),
    "unknown_request": ("没有这条申请，可能已经处理", "No such request; it may have been answered"),
    "table_bad_line": (
        "第 {line} 行读不出来，引号可能没有配对",
        "Line {line} cannot be read; a quotation mark may be missing",
    ),
    "table_bomb": ("文件解压后大得不正常，没有读取", "The file unpacks to an abnormal size; it was not read"),
    "table_cell_too_long": (
        "工作表“{sheet}”第 {line} 行 {column} 列的内容太长，最多 {most} 个字",
        "The cell in line {line}, column {column} of sheet “{sheet}” is too long: at most {most} letters",
    ),
    "table_columns": (
        "工作表“{sheet}”第 {line} 行没有“手机号”或“工号”这一列，表头要写在第一行",
        "Line {line} of sheet “{sheet}” names no column “phone” or “employee number”; the names go into the first line",
    ),
    "table_column_twice": (
        "工作表“{sheet}”有两列都叫“{name}”，请只留一列",
        "Two columns of sheet “{sheet}” are called “{name}”; please keep one",
    ),
    "table_damaged": (
        "文件已损坏或内容不正常，读不出来，请重新另存一份",
        "The file is damaged or odd and cannot be read; please save it anew",
    ),
    "table_empty": ("工作表“{sheet}”是空的", "Sheet “{sheet}” is empty"),
    "table_encoding": (
        "第 {line} 行的文字编码无法识别，请另存为 UTF-8 或 GBK 的 CSV",
        "Line {line} is in an unknown encoding; please save the CSV as UTF-8 or GBK",
    ),
    "table_encrypted": ("文件有密码，请去掉密码后再上传", "The file has a password; please take it off first"),
    "table_formula": (
        "工作表“{sheet}”第 {line} 行 {column} 列是公式，请粘贴为数值后再上传",
        "Line {line}, column {column} of sheet “{sheet}” is a formula; please paste it as a value",
    ),
    "table_macros": (
        "文件带有宏，请另存为不带宏的 .xlsx",
        "The file holds macros; please save it as .xlsx without them",
    ),
    "table_many_sheets": (
        "只能有一个有内容的工作表，请删去“{sheet}”",
        "Only one sheet may hold something; please delete “{sheet}”",
    ),
    "table_merged": (
        "工作表“{sheet}”第 {line} 行 {column} 列有合并单元格（{cells}），请取消合并",
        "Cells {cells} of sheet “{sheet}” are merged (line {line}, column {column}); please unmerge them",
    ),
    "table_old_excel": (
        "这是旧版 Excel（.xls），请另存为 .xlsx",
        "This is an old Excel file (.xls); please save it as .xlsx",
    ),
    "table_too_big": ("文件太大，最多 {most} MB", "The file is too large: at most {most} MB"),
    "table_too_many_columns": (
        "工作表“{sheet}”第 {line} 行 {column} 列超出范围，最多 {most} 列",
        "Line {line}, column {column} of sheet “{sheet}” is too far right: at most {most} columns",
    ),
    "table_too_many_rows": (
        "工作表“{sheet}”行数太多，最多 {most} 行，请分几次导入",
        "Sheet “{sheet}” has too many rows: at most {most}; please import it in parts",
    ),
    "table_wrong_kind": (
        "只接受 .xlsx 和 .csv，文件内容要和扩展名一致",
        "Only .xlsx and .csv, and the content has to be what the name says",
    ),
}

REASONS: dict[str, tuple[str, str]] = {
    "birth_month": ("请填出生年月，例如 2016-03", "Year and month of birth, such as 2016-03"),
    "not_a_child": ("已满 14 岁，请自己注册", "Fourteen or older: they register themselves"),
    "department_name": (
        "部门名称不正确，每级 1–40 个字，用“/”隔开",
        "Each level of a department has 1–40 letters, divided by “/”",
    ),
    "employee_number": ("工号是 1–20 位字母或数字", "An employee number is 1–20 letters or digits"),
    "nobody_named": ("没有填手机号或工号", "Neither a phone nor an employee number"),
    "part_too_deep_here": ("部门最多 4 级", "At most 4 levels of departments"),
    "no_slash": ("名称里不要用“/”，上下级用“/”分开写", "No “/” in a name; it divides levels"),
    "twice_here": ("这里已经有同名的部门", "There is a part of this name here already"),
}
