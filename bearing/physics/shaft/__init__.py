"""How the shaft turns: its speed from the signal, a stated one or a tacho, over time, and made to stand still.

No bearing, but for its orders as a help to find the speed.
"""
