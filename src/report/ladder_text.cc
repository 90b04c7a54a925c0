#include <algorithm>

#include "report/ladder.h"
#include "report/ladder_page.h"

namespace twlab::report {

std::string ladder_text(const Recording& recording, const LadderOptions& options) {
  std::string text;
  for (const Ladder& ladder : ladders(recording, options)) {
    LadderPage page(ladder, options);
    text += (text.empty() ? "" : "\n") + page.head();
    for (const Row& row : ladder.rows) text += page.row(row);
  }
  return text;
}

void LadderStream::add(const Recording& part) {
  recording_.interfaces = part.interfaces;
  for (Event event : part.events) {
    if (auto* call = std::get_if<net::Call>(&event.what)) event.time = call->end;
    auto known = std::ranges::find(recording_.events, event.id, &Event::id);
    if (known == recording_.events.end())
      recording_.events.push_back(std::move(event));
    else
      known->what = std::move(event.what);
  }
  recording_.sort();
  if (begin_ == Time() && !recording_.events.empty()) begin_ = recording_.events.front().time;
  complete_ = false;
}

std::string LadderStream::lines_until(Time until) {
  std::string text;
  if (complete_) return text;
  std::vector<Ladder> all = ladders(recording_, {.evidence = {}, .keep = recording_.events.size()});
  struct Place {
    size_t ladder;
    const Row* row;
    const Row* wait;  // the break above it
  };
  std::vector<Place> places;
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].begin = begin_;
    const Row* wait = nullptr;
    for (const Row& row : all[i].rows) {
      if (row.kind != Row::Kind::wait) places.push_back({i, &row, wait});
      wait = row.kind == Row::Kind::wait ? &row : nullptr;
    }
  }
  std::ranges::stable_sort(places, {}, [](const Place& place) { return place.row->time; });
  complete_ = true;
  for (const Place& place : places) {
    if (place.row->time > until) {
      complete_ = false;
      break;
    }
    print(all[place.ladder], *place.row, place.wait, text);
  }
  return text;
}

// What of the row was not printed before: of a row that was, a cell may be new.
void LadderStream::print(const Ladder& ladder, const Row& row, const Row* wait, std::string& text) {
  bool is_new = printed_.insert(row.id).second;
  bool new_cell = false;
  Row rest = row;
  rest.kind = Row::Kind::plain;
  rest.arrow.reset();
  for (auto& cell : rest.cells) {
    if (!cell) continue;
    if (printed_.insert(cell->id).second || (is_new && cell->id == row.id))
      new_cell = true;
    else if (!is_new)
      cell.reset();
  }
  if (!is_new && !new_cell) return;
  LadderPage page(ladder, options_);
  std::string hosts;
  for (const Lifeline& line : ladder.lifelines) hosts += line.host + " ";
  if (hosts != hosts_) text += page.head();
  hosts_ = hosts;
  if (wait && is_new) text += page.row(*wait);
  text += is_new ? page.row(row, true) : page.row(rest, true);
}

}  // namespace twlab::report
