// Where a lab runs, as far as it may make a difference to what the lab does.
#pragma once

namespace twlab {

struct Surroundings {
  // A wait costs nobody any time: the clocks jump while nothing happens (a guest's warped time).
  bool idle_is_free = false;
  // The machine is there for this lab alone: what all namespaces have in common may be changed.
  bool own_machine = false;
  // How long work takes says what it costs. Not in a guest: an emulated processor has no caches and
  // needs the same time for every instruction.
  bool work_takes_time = true;
};

}  // namespace twlab
