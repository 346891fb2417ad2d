"""练一练 (practice): an invented community, five guided tasks; nothing here is read from, or written to, anything."""

from collections.abc import Sequence
from dataclasses import dataclass

PLACE = "桃花源社区（练习用）"


@dataclass(frozen=True)
class Choice:
    """Something to press, whether it is the right thing, and what is said then."""

    words: str
    is_right: bool
    told: str


@dataclass(frozen=True)
class Task:
    """One task a page: what is wanted, what is shown, and what may be pressed."""

    title: str
    wanted: str
    facts: Sequence[tuple[str, str]]
    choices: Sequence[Choice]


TASKS: Sequence[Task] = (
    Task(
        "拿数据",
        "街道要您核对人员底册。应该下载哪一个？",
        (("现在的页面", "今天要办的事"), ("页面上有", "下载人员底册、下载户底册、下载待核实清单")),
        (
            Choice("下载人员底册", True, "对了。文件会存到电脑的“下载”里，双击就能打开。"),
            Choice("下载户底册", False, "这一个一行是一户。要核对人，请选人员底册。"),
            Choice("下载待核实清单", False, "这一个只有说法不一的。要核对全部的人，请选人员底册。"),
        ),
    ),
    Task(
        "找一个人",
        "要找陶渊明这位居民，名单上显示的是“陶*明”。怎么找最快？",
        (("查找框里可以写", "姓名、拼音首字母、地址、号码后几位"), ("名单上的名字", "陶*明")),
        (
            Choice("写“陶渊明”或“tym”，点查找", True, "对了。写全名或拼音首字母都找得到，显示时仍然遮着。"),
            Choice("写“陶*明”，点查找", False, "星号只是遮盖。写真名字，或者写拼音首字母 tym。"),
            Choice("一页一页往后翻", False, "太慢了。写姓名或拼音首字母，一下就找到。"),
        ),
    ),
    Task(
        "核实无误",
        "上门问过，陶*明的出生日期是户籍上的那一个。点什么？",
        (
            ("户籍系统说", "1951-03-08（现在用这个）"),
            ("医保系统说", "1951-08-03"),
            ("本人说", "三月初八，身份证上写着"),
        ),
        (
            Choice("核实无误", True, "对了。这一项以后算作核实过，别的表不再问您。"),
            Choice("不对，提出异议", False, "现在用的值是对的，不用提异议。点“核实无误”。"),
        ),
    ),
    Task(
        "提出异议",
        "陶*明的电话早就换了。您知道新号码。点什么？",
        (("社保系统说", "138****0001（现在用这个）"), ("本人说", "换成了 139 开头的号码")),
        (
            Choice("不对，提出异议", True, "对了。写上新号码和怎么知道的，来源部门会去改，改好了会告诉您。"),
            Choice("核实无误", False, "现在用的是旧号码，不能点核实无误。请提出异议。"),
        ),
    ),
    Task(
        "是不是同一个人",
        "两条记录：名字差一个字，证号一样，住址一样。您认识这家，只有一个儿子。怎么答？",
        (("记录一", "陶*明，住桃花路 8 号"), ("记录二", "陶*朋，住桃花路 8 号"), ("证号", "相同")),
        (
            Choice("是同一个人", True, "对了。下次更新两条并成一条。判断错了也能撤回。"),
            Choice("不是同一个人", False, "证号和住址都一样，这家只有一个儿子，是写错了一个字。"),
            Choice("说不准，以后再问", False, "说不准的时候可以这样答。这一次您认识这家，可以肯定。"),
        ),
    ),
)
