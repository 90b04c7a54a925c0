// The first screen of report.html: which document is right about what, and all claims by kernels.
#pragma once

#include "report/page_view.h"
#include "report/template.h"

namespace twlab::report {

// What templates/overview.html and the head of report.html are filled with.
Value::Object page_overview(const PageView& view);

}  // namespace twlab::report
