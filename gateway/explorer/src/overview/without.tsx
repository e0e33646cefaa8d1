import { href } from "../address";
import { Empty } from "../ui/panel";

// Without a warehouse nothing can be counted: Twilio has lists and no figures.
export function WithoutWarehouse() {
  return (
    <div className="panel">
      <Empty title="Figures need a warehouse">
        <p>
          Twilio lists calls, and counts none. With a warehouse, the gateway keeps all calls as columns: this page then
          shows them over time, the worst carriers, countries, SDK versions and edge locations, and compares periods.
        </p>
        <p>
          Whoever runs the gateway sets <code>GATEWAY_WAREHOUSE_URL</code>. Lists and single calls work without it.
        </p>
        <div className="state-links">
          <a className="button primary" href={href("calls", [["f", "hasTag:eq:true"]])}>
            The latest calls with a tag
          </a>
          <a className="button" href={href("calls")}>
            All calls
          </a>
        </div>
      </Empty>
    </div>
  );
}
