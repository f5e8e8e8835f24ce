#include "prediction/features/calendar.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.hpp"

namespace fairlead {
namespace {

constexpr std::int64_t kMinuteNs = 60'000'000'000;
constexpr std::int64_t kDayNs = 1'440 * kMinuteNs;
constexpr std::int64_t kThursday = 3;  // the day of the week of 1970-01-01

constexpr std::array<std::pair<std::string_view, CalendarField>, 7> kNames{
    {{"minute", CalendarField::minute},
     {"hour", CalendarField::hour},
     {"day_of_week", CalendarField::day_of_week},
     {"weekend", CalendarField::weekend},
     {"day", CalendarField::day},
     {"day_of_year", CalendarField::day_of_year},
     {"month", CalendarField::month}}};

std::int64_t field_of_date(std::int64_t day, CalendarField field) {
  using namespace std::chrono;
  const sys_days date{days{day}};
  const year_month_day civil{date};
  switch (field) {
    case CalendarField::day:
      return static_cast<unsigned>(civil.day());
    case CalendarField::month:
      return static_cast<unsigned>(civil.month());
    default:
      return (date - sys_days{civil.year() / January / 1}).count() + 1;
  }
}

std::int64_t field_of(std::int64_t ns, CalendarField field) {
  const std::int64_t day = ns >= 0 ? ns / kDayNs : -((kDayNs - 1 - ns) / kDayNs);
  const std::int64_t minutes = (ns - day * kDayNs) / kMinuteNs;
  const std::int64_t weekday = ((day + kThursday) % 7 + 7) % 7;
  switch (field) {
    case CalendarField::minute:
      return minutes % 60;
    case CalendarField::hour:
      return minutes / 60;
    case CalendarField::day_of_week:
      return weekday;
    case CalendarField::weekend:
      return weekday >= 5 ? 1 : 0;
    default:
      return field_of_date(day, field);
  }
}

}  // namespace

CalendarField calendar_field(std::string_view name) {
  for (const auto& [known, field] : kNames) {
    if (known == name) return field;
  }
  throw InvalidInput("unknown calendar field '" + std::string(name) + "'");
}

void write_calendar(std::span<const std::int64_t> local_ns, CalendarField field,
                    std::span<double> out) {
  for (std::size_t i = 0; i < local_ns.size(); ++i)
    out[i] = static_cast<double>(field_of(local_ns[i], field));
}

void write_harmonic(std::int64_t first_place, std::int64_t season, std::int64_t harmonic, bool sine,
                    std::span<double> out) {
  std::vector<double> wave(season);
  for (std::int64_t i = 0; i < season; ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(harmonic * i % season) /
                         static_cast<double>(season);
    wave[i] = sine ? std::sin(angle) : std::cos(angle);
  }
  std::int64_t place = first_place % season;
  if (place < 0) place += season;  // before the epoch
  for (double& value : out) {
    value = wave[place];
    if (++place == season) place = 0;
  }
}

void write_harmonics(std::span<const std::int64_t> first_places,
                     std::span<const std::int64_t> offsets, std::int64_t season,
                     std::int64_t harmonic, bool sine, std::span<double> out) {
  for (std::size_t i = 0; i < first_places.size(); ++i) {
    const std::int64_t begin = offsets[i];
    write_harmonic(first_places[i], season, harmonic, sine,
                   out.subspan(begin, offsets[i + 1] - begin));
  }
}

}  // namespace fairlead
