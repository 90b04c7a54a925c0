// All connections of a capture, followed side by side in bounded memory.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "explain/connection.h"
#include "explain/header.h"
#include "explain/tracker.h"

namespace twlab::explain {

struct Limits {
  size_t tracked = 50'000;  // connections at a time; beyond that the one longest silent is let go
  // Told of in full, of those with something worth a look and of the others each; the rest is
  // counted.
  size_t kept = 10'000;
  size_t segments = 500;   // of the wanted connection, at its beginning and at its end each
  Duration memory = 240s;  // how long after its end a connection's four-tuple is remembered: 2MSL
};

// One segment of the connection that is to be drawn.
struct Passed {
  Header header;
  Stamp at;
  size_t side = 0;
};

struct Drawn {
  std::vector<Passed> segments;
  uint64_t omitted = 0;  // after the first half of them
};

struct Result {
  Stamp first, last;                   // frames of the capture
  std::array<uint64_t, 5> contents{};  // frames by Content
  uint64_t copies = 0;                 // of segments that the capture has twice
  uint64_t connections = 0;
  std::array<uint64_t, ending_count> endings{};  // connections by Ending
  std::array<uint64_t, kind_count> findings{};
  std::vector<Connection> told;  // by number
  uint64_t not_told = 0;         // connections of which only the counts above tell
  uint64_t let_go = 0;           // connections followed no longer because of Limits::tracked
  Drawn drawn;
};

class Analysis {
 public:
  // `wanted`: the number of a connection that is told of whatever the limits are, and drawn; 0
  // none.
  explicit Analysis(const Limits& limits = {}, uint64_t wanted = 0)
      : limits_(limits), wanted_(wanted) {}

  // A frame that has been read; the header counts for Content::tcp only.
  void add(Content content, const Header& header, Stamp at);
  // Once, after the last frame.
  Result finish();

 private:
  // Of lower and higher endpoint.
  struct Hash {
    size_t operator()(const Tuple& tuple) const;
  };
  // A four-tuple's present connection, and the former one as long as its segments may still come.
  struct Slot {
    std::unique_ptr<Tracker> now, former;
    std::list<Tuple>::iterator place;
    bool over = false;  // which of the lists it is in
  };

  Slot& slot(const Tuple& tuple, Stamp at);
  void begin(Slot& slot, const Header& header, Stamp at);
  void retire(std::unique_ptr<Tracker> tracker, Stamp at, bool capture_ended);
  void forget(std::list<Tuple>& list, Stamp at, bool early);
  bool to_former(Slot& slot, const Header& header, Stamp at);
  void draw(const Tracker& tracker, const Header& header, Stamp at);

  Limits limits_;
  uint64_t wanted_;
  Result result_;
  std::deque<Passed> drawn_last_;
  std::unordered_map<Tuple, Slot, Hash> slots_;
  std::list<Tuple> open_, over_;  // longest silent first
  size_t remarkable_ = 0, plain_ = 0;
};

}  // namespace twlab::explain
