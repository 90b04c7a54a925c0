#include "report/html.h"

#include "report/ladder.h"
#include "report/model.h"
#include "report/plot.h"
#include "report/text.h"

namespace twlab::report {

std::string html(const Run& run) {
  auto values = model(run, [](const LabResult& result) {
    return result.recording.events.empty() ? ""
                                           : ladder_svg(result.recording, ladder_options(result));
  });
  values["ladder_css"] = ladder_css();
  values["plot_css"] = plot_css();
  return render("report.html", values, escape_xml);
}

}  // namespace twlab::report
