#include "report/matrix_json.h"

#include <map>
#include <nlohmann/json.hpp>

#include "report/changes.h"

namespace twlab::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* matrix_format = "twlab matrix";

Json column_json(const Matrix& matrix, size_t index) {
  const Matrix::Column& column = matrix.columns[index];
  const Run& run = column.run;
  Json json{{"kernel", run.kernel},         {"folder", column.folder},
            {"machine", run.machine},       {"program_version", run.program_version},
            {"command", run.command},       {"root", run.root},
            {"trouble", run.trouble},       {"interrupted", run.interrupted},
            {"begin", show_utc(run.begin)}, {"begin_ns", run.begin.time_since_epoch().count()},
            {"took_ns", run.took.count()}};
  if (run.guest)
    json["guest"] = {{"source", run.guest->source},
                     {"emulator", run.guest->emulator},
                     {"seed", run.guest->seed},
                     {"real_time", run.guest->real_time},
                     {"command_line", run.guest->command_line},
                     {"image_sha256", run.guest->image_sha256},
                     {"initramfs_sha256", run.guest->initramfs_sha256},
                     {"program_sha256", run.guest->program_sha256}};
  std::map<std::string, size_t> counts;
  for (const auto& row : matrix.rows)
    if (row.cells[index]) ++counts[std::string(twlab::name(row.cells[index]->verdict))];
  json["summary"] = counts;
  return json;
}

Json step_json(const Matrix& matrix, const std::string& claim, Step step) {
  const std::string& before = matrix.columns[step.before].run.kernel;
  const std::string& after = matrix.columns[step.after].run.kernel;
  Json json{{"before", before}, {"after", after}, {"changes", Json::array()}};
  for (const auto* change : changes_between(claim, before, after))
    json["changes"].push_back({{"before", change->before},
                               {"since", change->since},
                               {"text", change->text},
                               {"commit", change->commit},
                               {"read", change->read}});
  return json;
}

Json row_json(const Matrix& matrix, const MatrixRow& row) {
  Json json{{"claim", row.claim},
            {"family", twlab::name(row.family)},
            {"changes", !row.steps.empty()},
            {"kernels", Json::object()},
            {"steps", Json::array()}};
  for (size_t i = 0; i < row.cells.size(); ++i)
    if (row.cells[i])
      json["kernels"][matrix.columns[i].run.kernel] = {
          {"verdict", twlab::name(row.cells[i]->verdict)}, {"reason", row.cells[i]->reason}};
  for (Step step : row.steps) json["steps"].push_back(step_json(matrix, row.claim, step));
  return json;
}

}  // namespace

std::string results_json(const Matrix& matrix) {
  Json json{{"format", matrix_format}, {"schema", Matrix::current_schema}};
  json["columns"] = Json::array();
  for (size_t i = 0; i < matrix.columns.size(); ++i)
    json["columns"].push_back(column_json(matrix, i));
  json["rows"] = Json::array();
  for (const auto& row : matrix.rows) json["rows"].push_back(row_json(matrix, row));
  // Reasons quote what labs received, which need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool is_matrix_json(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() && json.value("format", Json()) == matrix_format;
}

}  // namespace twlab::report
