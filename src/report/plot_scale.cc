// Round numbers on axes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/plot.h"

namespace twlab::report {
namespace {

constexpr double kRound[] = {1, 2, 5};

// The n-th of ..., 0.5, 1, 2, 5, 10, 20, ...; 1 is the 0-th.
double round_number(int n) {
  int decade = n >= 0 ? n / 3 : -((2 - n) / 3);
  double power = std::pow(10, std::abs(decade));
  double round = kRound[n - 3 * decade];
  return decade < 0 ? round / power : round * power;
}

// The last round number that is not above the value.
int round_below(double value) {
  int n = 3 * int(std::floor(std::log10(value))) - 3;
  while (round_number(n + 1) <= value) ++n;
  return n;
}

int round_above(double value) {
  int n = round_below(value);
  return round_number(n) < value ? n + 1 : n;
}

Scale log_scale(double least, double greatest, int most) {
  int from = round_below(least), to = round_above(greatest);
  if (from == to) --from, ++to;
  Scale scale{round_number(from), round_number(to), {}, true};
  auto decade = [](int n) { return n % 3 == 0; };
  int decades = to / 3 - from / 3;
  // All round numbers where there is room for them, otherwise every so many powers of ten.
  bool all = to - from < most;
  int every = 3 * std::max(1, (decades + most - 1) / most);
  for (int n = from; n <= to; ++n)
    if (all || (decade(n) && n % every == 0)) scale.ticks.push_back(round_number(n));
  return scale;
}

Scale linear_scale(double least, double greatest, int most) {
  // What is seen as half must be half, unless all would then be at one edge.
  if (least >= 0 && least <= greatest * 2 / 3) least = 0;
  if (greatest <= 0 && greatest >= least * 2 / 3) greatest = 0;
  if (least == greatest) (least > 0 ? least : greatest) = 0;
  if (least == greatest) greatest = 1;
  double step = round_number(round_above((greatest - least) / most));
  // Multiples of the step, not sums: 0.1 added up ten times is not 1.
  auto from = int64_t(std::floor(least / step + 1e-9)),
       to = int64_t(std::ceil(greatest / step - 1e-9));
  Scale scale{double(from) * step, double(to) * step, {}, false};
  for (int64_t n = from; n <= to; ++n) scale.ticks.push_back(double(n) * step);
  return scale;
}

}  // namespace

double Scale::place(double value) const {
  if (log) return std::log(value / first) / std::log(last / first);
  return (value - first) / (last - first);
}

Scale scale(double least, double greatest, bool log, int most) {
  return log ? log_scale(least, greatest, most) : linear_scale(least, greatest, most);
}

std::string show_number(double value) {
  double size = std::abs(value);
  if (value != 0 && (size < 1e-4 || size >= 1e15)) return fmt::format("{:.4g}", value);
  std::string text = fmt::format("{:.{}f}", value, size >= 1000 ? 0 : size >= 10 ? 2 : 4);
  if (text.find('.') != text.npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  size_t point = std::min(text.find('.'), text.size()), begin = text[0] == '-' ? 1 : 0;
  for (size_t at = point; at > begin + 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

}  // namespace twlab::report
