"""What changed: the machine's own baseline, limits over it, and the state they put it in. Arrays only.

A machine is judged against its own past. For every measurement, from the first to the last and with nothing that came
later than it except how long the history is (which sets how long is learned):

* **Baseline**: the quietest stretch so far (lowest median RMS of any stretch of a fifth of the history). Machines run
  in: their level falls for hours, and the stretch moves along with it. It moves only while the state is ok, and never
  onto measurements in which something strikes: what has changed cannot become the new normal.
* **Limits**: median of the stretch plus the larger of a change that matters in practice (for an RMS 3 dB, a factor 1.4,
  and 6 dB, a factor 2; ISO 13373-1:2002 annex and ISO 20816-1:2016 clause 6.4 judge change likewise, relative to a
  reference and by its size) and 4 or 5 standard deviations (robust, 1.4826 MAD, drift within the sound time included).
* **New**: a level (RMS, velocity, peak) that the machine had when it was new, as it came down in running in, is alerted
  but no alarm when it returns: that lies 3 dB over the first measurements, up to 12 dB over the baseline.
* **Usual**: what RMS and velocity reached in a tenth of the sound time and came down from again (another load) is no
  change: their limits lie over that.
* **Jumps**: a level that jumps while nothing else changes (no kurtosis, no line, no rhythm is over its limit) may be
  another load or a sensor put on anew: an alert, and an alarm only 3 dB (of an RMS) over the usual limit.
* **Persistence**: outliers change nothing. A limit counts when 2 of 3 measurements in a row are over it, 3 of 4 in a
  history of 96 or more, 4 of 5 in one of 240 or more, in which more of them meet by chance. An end comes fast: where so
  many are over the limit of alert, two in a row over that of alarm are enough for one (of levels compared cell by cell,
  which are medians of several measurements already, they are not).
* **Hysteresis**: a state is left when `HOLD` measurements in a row lie below three quarters of its limit.
* **Lines**: in histories of 96 or more the levels of each part (and of every comb, whoever's) are compared cell by
  cell, band and slip, with those of the baseline, and the greatest rise counts: a line that stood from the first day is
  the machine's own. The median of the last 3 or 5 measurements is compared, which steadies the level to a third of a
  decibel, where that of one recording wanders by two thirds, and which one burst leaves alone. In shorter histories
  a few measurements do not tell so many levels apart.
* **Set by hand** (a zone of a standard, a customer's limit): beside all that, an indicator is over such a limit
  whatever its baseline and speed, with the same persistence and hysteresis.
* **Speed**: measurements are compared only with those at a similar speed and sampling rate (bins of 10 %); what was
  said in one bin holds for the next few measurements in others.
* **Striking**: while something strikes (with that persistence) the state is at least `watch`, whatever the baseline,
  which may have been worn. It is `alert` where next to nothing struck in the baseline; there it is `watch`, too, when
  something strikes or lines stand now and then, in 4 of 16.
* **Worn**: where a baseline chosen by hand stands 6 dB over the machine's quietest time, what does so, too, is `watch`.
* **Onset**: a one-sided CUSUM (E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954) 100-115) on the same
  rises. Its crossing makes `watch`; where it last stood at zero is the estimated onset.
"""
