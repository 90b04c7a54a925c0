#include "guest/input.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "os/error.h"

namespace twlab::guest {

void Input::read_more() {
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(patience_.end -
                                                             std::chrono::steady_clock::now());
    pollfd fds[] = {{fd_.get(), POLLIN, 0}, {patience_.stop, POLLIN, 0}};
    int ready = left.count() > 0 ? ::poll(fds, 2, static_cast<int>(left.count())) : 0;
    if (ready == 0)
      throw Ended(fmt::format("gave no answer within {:g} s", os::seconds(patience_.limit)));
    if (ready < 0 && errno == EINTR) continue;
    os::check(ready, "waiting for another process");
    if (fds[1].revents) throw Ended("was stopped");
    char buffer[65536];
    ssize_t n = ::read(fd_.get(), buffer, sizeof buffer);
    // A socket's other end may also have gone with something unread.
    if (n <= 0) throw Ended("ended");
    unread_.append(buffer, static_cast<size_t>(n));
    return;
  }
}

std::string Input::read_line() {
  size_t end, searched = 0;
  while ((end = unread_.find('\n', searched)) == unread_.npos) {
    searched = unread_.size();
    read_more();
  }
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  return line;
}

}  // namespace twlab::guest
