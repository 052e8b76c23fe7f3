"""Line plots as SVG, without any library."""

COLOURS = ["#0b62a4", "#b1420d", "#2e7d32", "#6a1b9a", "#555555", "#c79100"]
WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 36, 48


def plot(title, x_label, y_label, lines):
    """`lines`: name and points (x, y)."""
    points = [p for _, line in lines for p in line]
    if not points:
        return None
    x_most = max(p[0] for p in points) or 1
    y_most = max(p[1] for p in points) or 1
    inner_w, inner_h = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(point):
        return (LEFT + point[0] / x_most * inner_w, TOP + inner_h - point[1] / y_most * inner_h)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="11">',
           '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="{LEFT}" y="20" font-size="14">{title}</text>']
    for step in range(6):
        x, y = place((x_most * step / 5, y_most * step / 5))
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + inner_w}" y2="{y:.1f}" '
                   'stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">'
                   f'{y_most * step / 5:.3g}</text>')
        out.append(f'<text x="{x:.1f}" y="{TOP + inner_h + 16}" text-anchor="middle">'
                   f'{x_most * step / 5:.3g}</text>')
    out.append(f'<text x="{LEFT + inner_w / 2}" y="{HEIGHT - 10}" text-anchor="middle">'
               f'{x_label}</text>')
    out.append(f'<text x="14" y="{TOP + inner_h / 2}" transform="rotate(-90 14 '
               f'{TOP + inner_h / 2})" text-anchor="middle">{y_label}</text>')
    for index, (name, line) in enumerate(lines):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, line))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" '
                   'stroke-width="1.5"/>')
        out.append(f'<text x="{LEFT + inner_w + 10}" y="{TOP + 14 + 16 * index}" '
                   f'fill="{colour}">{name}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


def first(reports, name):
    return next((r for r in reports.get(name, []) if "curves" in r), None)


def share(values):
    values = sorted(values)
    return [(v, 100 * (i + 1) / len(values)) for i, v in enumerate(values)]


def draw_all(reports, folder):
    """Writes what can be drawn and yields name and title of each picture there is, old ones too."""
    names = [n for n in ("crowd-of-100", "crowd-of-1000", "crowd-of-1000-losses",
                         "split-country", "behind-nats") if first(reports, n)]
    delays = [(n, list(zip(first(reports, n)["curves"]["delay_ms"], range(101)))) for n in names]
    uplinks = [(n, list(zip(range(101), first(reports, n)["curves"]["uplink_percent"])))
               for n in names]
    depths = [(n, list(enumerate(first(reports, n)["curves"]["depth"]))) for n in names]
    stalls = []
    for name in ("crowd-of-100", "crowd-of-1000-deaths"):
        values = [v for r in reports.get(name, []) if "curves" in r
                  for v in r["curves"]["stall_ms"]]
        if values:
            stalls.append((name, share(values)))
    faults = [(n, list(enumerate(first(reports, n)["curves"]["bad_permille_by_second"])))
              for n in ("seeds-gone", "split-country", "freeloaders", "hostile-neighbour")
              if first(reports, n)]
    for name, title, x, y, lines in [
            ("delay", "One-way delay through the network", "ms", "% of frames", delays),
            ("stalls", "Stalls of those hit by a death", "ms", "% of stalls", stalls),
            ("uplink", "Use of uplinks", "% of nodes", "% of uplink", uplinks),
            ("depth", "Relays above a listener", "relays", "listeners", depths),
            ("faults", "Bad frames by the second", "s", "per thousand", faults)]:
        picture = plot(title, x, y, lines)
        file = folder / f"simulation-{name}.svg"
        if picture:
            file.write_text(picture)
        if file.exists():
            yield name, title
