"""demo_picture.py [RUN]: the picture and the table of the README, from the run that `make demo` leaves in RUN (demo).

Takes the chart out of RUN/report.html, gives it the colours and the white ground of a picture that stands alone, writes
docs/images/demo.svg, and prints the table as Markdown. Python's own library is all it needs.
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def picture(page):
    svg = page[page.index("<svg "):page.index("</svg>") + len("</svg>")]
    # Inside the page the chart takes the text's colour and leaves its outer margin to the page.
    head, body = svg.split(">", 1)
    margin, width, height = re.search(r'viewBox="(\d+) 0 (\d+) (\d+)"', head).groups()
    full = int(width) + 2 * int(margin)
    head = re.sub(r'viewBox="[^"]*" width="\d+"', f'viewBox="0 0 {full} {height}" width="{full}"', head)
    head = head.replace(' color="currentColor"', ' color="#1b1f24"', 1)
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>\n'
    end = body.index("</desc>\n") + len("</desc>\n")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}>{body[:end]}{ground}{body[end:]}\n'


def table(page):
    text = page[page.index("<table"):page.index("</table>")]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", text, re.S)]
    rows.insert(1, ["---:"] + ["---"] * (len(rows[0]) - 1))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main():
    run = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "demo")
    with open(os.path.join(run, "report.html"), encoding="utf-8") as file:
        page = file.read()
    images = os.path.join(ROOT, "docs", "images")
    os.makedirs(images, exist_ok=True)
    with open(os.path.join(images, "demo.svg"), "w", encoding="utf-8") as file:
        file.write(picture(page))
    print(table(page))


if __name__ == "__main__":
    main()
