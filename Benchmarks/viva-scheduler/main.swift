// The scheduler by itself: what its rules are worth, and what they cost.
let arguments = Array(CommandLine.arguments.dropFirst())
switch (arguments.first, arguments.count) {
case ("simulate", 1): print(Simulate.text(Simulate.run()))
case ("simulate", 2): try Simulate.write(Simulate.run(), to: arguments[1])
case ("decisions", 1): Decisions.run()
default:
  print(
    """
    viva-scheduler simulate        the priority scheduler beside FIFO, strict priority and EDF, as a table
    viva-scheduler simulate docs   the same into docs/scheduler.md and docs/scheduler.svg
    viva-scheduler decisions       decisions per second and their time, with 100 to 100,000 requests queued
    """)
}
