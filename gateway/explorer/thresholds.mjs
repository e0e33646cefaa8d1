// The thresholds of Twilio's tags, as the schema states them: what a chart draws comes from what the API says.
const STATED = {
  loss: ["HIGH_PACKET_LOSS", /more than ([\d.]+) %/i],
  jitter: ["HIGH_JITTER", /average jitter above ([\d.]+) ms/i],
  peakJitter: ["HIGH_JITTER", /maximum above ([\d.]+) ms/i],
  latency: ["HIGH_LATENCY", /more than ([\d.]+) ms inside Twilio/i],
  roundTrip: ["HIGH_LATENCY", /round trip above ([\d.]+) ms/i],
  mos: ["LOW_MOS", /below ([\d.]+)/i],
};

export function thresholds(schema) {
  const tags = schema.getType("CallTag");
  return Object.fromEntries(Object.entries(STATED).map(([name, [tag, words]]) => [name, stated(tags, tag, words)]));
}

function stated(tags, tag, words) {
  const figure = words.exec(tags.getValue(tag).description)?.[1];
  if (figure === undefined) throw new Error(`The schema's description of the tag ${tag} does not match ${words}.`);
  return Number(figure);
}
