// The manual page and the completions of bash and zsh, made from the command line's own
// description.
#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"

namespace twlab::cli {

// Fills a template: twlab.1, twlab.bash or _twlab, whose name says for whom special characters are
// escaped. Throws std::invalid_argument on any other name, std::logic_error when the template is
// malformed.
std::string fill_manual(std::string_view name, std::string_view text, const CommandText& commands);

}  // namespace twlab::cli
