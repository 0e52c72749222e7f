"""Command line: `python -m scenes demo OUT`, run from the folder `tools`."""

import argparse

from . import demo, render, serve, stage, streets, truth


def main():
    parser = argparse.ArgumentParser(prog="scenes", description="Render generated street scenes.")
    commands = parser.add_subparsers(dest="command", required=True)
    walk = commands.add_parser("demo", help="the demonstration walk; run it again to go on where it was stopped")
    walk.add_argument("out", help="folder of the walk")
    walk.add_argument("--only", type=int, nargs="*", help="numbers of the frames to render")
    walk.add_argument("--no-frames", action="store_true", help="write the tables and the truth only")
    photos = commands.add_parser("photos", help="random streets as shards to learn from; run it again to go on where it was stopped")
    photos.add_argument("out", help="folder of the shards")
    photos.add_argument("--streets", type=int, default=48, help="how many, eight photos of each")
    for command, samples, size in ((walk, 5, (400, 300)), (photos, 4, (320, 240))):
        command.add_argument("--seed", type=int, default=7)
        command.add_argument("--samples", type=int, default=samples)
        command.add_argument("--size", type=int, nargs=2, default=size, metavar=("WIDTH", "HEIGHT"))
        command.add_argument("--quality", type=int, default=78, help="of the JPEG files")
        command.add_argument("--threads", type=int, default=2)
    answers = commands.add_parser("serve", help="answer requests, a line of JSON each, from standard input")
    answers.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.command == "serve":
        serve.serve(arguments.threads)
    elif arguments.command == "photos":
        streets.photos(arguments.out, arguments.streets, arguments.seed, arguments.samples, arguments.size, arguments.quality, arguments.threads)
    else:
        _demo(arguments)


def _demo(arguments):
    scene = stage.empty(arguments.samples, *arguments.size, arguments.threads, arguments.quality, arguments.seed)
    targets = demo.build(scene, arguments.seed)
    camera, route = stage.camera(scene), demo.walk()
    times = [i / demo.RATE for i in range(int(demo.SECONDS * demo.RATE))]
    print(f"the walker arrives after {route.seconds:.1f} s of {demo.SECONDS:.0f}", flush=True)
    render.tables(arguments.out, times, demo.TITLE, demo.START)
    truth.write(f"{arguments.out}/truth.csv", truth.observe(scene, camera, route, targets, demo.surface, times))
    if not arguments.no_frames:
        render.frames(scene, camera, route, times, arguments.out, None if arguments.only is None else set(arguments.only))


if __name__ == "__main__":
    main()
