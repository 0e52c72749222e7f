"""Command line: `python -m scenes serve`, `demo OUT`, `walk KIND OUT` or `check`, run from the folder `tools`."""

import argparse
import sys

from . import check, demo, render, serve, stage, truth, walks


def main():
    parser = argparse.ArgumentParser(prog="scenes", description="Render generated street scenes.")
    commands = parser.add_subparsers(dest="command", required=True)
    answers = commands.add_parser("serve", help="answer requests for pictures, a line of JSON each, from standard input")
    checks = commands.add_parser("check", help="draw every class of the vocabulary and say which cannot be drawn")
    walk = commands.add_parser("demo", help="the demonstration walk; run it again to go on where it was stopped")
    walk.add_argument("out", help="folder of the walk")
    walk.add_argument("--only", type=int, nargs="*", help="numbers of the frames to render")
    walk.add_argument("--no-frames", action="store_true", help="write the tables and the truth only")
    walk.add_argument("--seed", type=int, default=7)
    walk.add_argument("--samples", type=int, default=5)
    walk.add_argument("--size", type=int, nargs=2, default=(400, 300), metavar=("WIDTH", "HEIGHT"))
    walk.add_argument("--quality", type=int, default=78, help="of the JPEG files")
    minute = commands.add_parser("walk", help="a walk of a minute with its truth; run it again to go on where it was stopped")
    minute.add_argument("kind", choices=walks.KINDS)
    minute.add_argument("out", help="folder of the walk")
    minute.add_argument("--seed", type=int, help="of what is left to chance, for another walk of the kind than the one that is measured")
    minute.add_argument("--only", type=int, nargs="*", help="numbers of the frames to render")
    for command, threads in ((answers, 1), (checks, 2), (walk, 2), (minute, 2)):
        command.add_argument("--threads", type=int, default=threads)
    arguments = parser.parse_args()
    if arguments.command == "serve":
        serve.serve(arguments.threads)
    elif arguments.command == "check":
        sys.exit(not check.run(arguments.threads))
    elif arguments.command == "walk":
        walks.render_walk(arguments.kind, arguments.out, arguments.threads, arguments.only and set(arguments.only), arguments.seed)
    else:
        _demo(arguments)


def _demo(arguments):
    scene = stage.empty(arguments.samples, *arguments.size, arguments.threads, arguments.quality, arguments.seed)
    targets = demo.build(scene, arguments.seed)
    camera, route = stage.camera(scene), demo.walk()
    times = [i / demo.RATE for i in range(int(demo.SECONDS * demo.RATE))]
    print(f"the walker arrives after {route.seconds:.1f} s of {demo.SECONDS:.0f}", flush=True)
    render.tables(arguments.out, times, demo.TITLE, demo.START, demo.COMPLETE)
    truth.write(f"{arguments.out}/truth.csv", truth.observe(scene, camera, route, targets, demo.surface, times))
    if not arguments.no_frames:
        render.frames(scene, camera, route, times, arguments.out, None if arguments.only is None else set(arguments.only))


if __name__ == "__main__":
    main()
