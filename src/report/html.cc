#include "report/html.h"

#include "report/ladder.h"
#include "report/matrix_model.h"
#include "report/model.h"
#include "report/plot.h"
#include "report/text.h"

namespace twlab::report {

namespace {

std::string ladder(const LabResult& result) {
  return result.recording.events.empty() ? ""
                                         : ladder_svg(result.recording, ladder_options(result));
}

}  // namespace

std::string html(const Run& run) {
  auto values = model(run, ladder);
  values["ladder_css"] = ladder_css();
  values["plot_css"] = plot_css();
  return render("report.html", values, escape_xml);
}

std::string html(const Matrix& matrix) {
  auto values = model(matrix, ladder);
  values["ladder_css"] = ladder_css();
  return render("matrix.html", values, escape_xml);
}

}  // namespace twlab::report
