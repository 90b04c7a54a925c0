#include "os/error.h"

namespace twlab::os {

void fail(int error, const std::string& doing) {
  throw std::system_error(error, std::generic_category(), doing);
}

}  // namespace twlab::os
