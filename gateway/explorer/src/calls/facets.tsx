import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";
import { count, country, spelled, suspect } from "../format";
import { type CallWhere, type FacetFragment, FacetsDocument, type FacetsQuery } from "../generated/graphql";
import { useAsked } from "../ui/asked";
import { Icon } from "../ui/icon";
import { Answer, Skeleton } from "../ui/panel";
import { QueryButton } from "../ui/query";
import { type Condition, useConditions, written } from "./filters";

interface FacetOf {
  id: Exclude<keyof FacetsQuery, "__typename">;
  title: string;
  path: string;
  operator: string;
  name: (value: string) => string;
}

const plain = (value: string) => value;
const FACETS: FacetOf[] = [
  { id: "tags", title: "Tags", path: "tags", operator: "has", name: spelled },
  { id: "suspects", title: "Suspects", path: "diagnosis.suspects", operator: "has", name: suspect },
  { id: "state", title: "State", path: "state", operator: "eq", name: spelled },
  { id: "type", title: "Type", path: "type", operator: "eq", name: spelled },
  { id: "carriers", title: "Called carrier", path: "to.carrier", operator: "eq", name: plain },
  { id: "countries", title: "Called country", path: "to.countryCode", operator: "eq", name: country },
];

// What there is among these calls, and how much of it; each leads on to fewer calls.
export function Facets({ where }: { where: CallWhere }) {
  const asked = useAsked(FacetsDocument, { where });
  return (
    <aside className="facets" aria-label="Facets">
      <Answer asked={asked} skeleton={<Skeleton lines={14} />}>
        {(data) => FACETS.map((facet) => <Facet key={facet.id} facet={facet} values={data[facet.id]} />)}
      </Answer>
      <QueryButton title="Facets" question={asked} />
    </aside>
  );
}

// The same, where there is no room for it beside the calls.
export function FacetsButton({ where }: { where: CallWhere }) {
  return (
    <DialogTrigger>
      <Button className="button">
        <Icon name="facets" />
        Facets
      </Button>
      <ModalOverlay className="overlay" isDismissable>
        <Modal className="sheet">
          <Dialog className="dialog">
            <header className="dialog-head">
              <Heading slot="title">Among these calls</Heading>
              <Button slot="close" className="button quiet square" aria-label="Close">
                <Icon name="close" />
              </Button>
            </header>
            <Facets where={where} />
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}

function Facet({ facet: { title, path, operator, name }, values }: { facet: FacetOf; values: FacetFragment }) {
  const [conditions, change] = useConditions();
  const groups = values.groups.filter(({ key }) => key[0]?.value != null);
  if (groups.length === 0) return null;
  function toggle(condition: Condition, isOn: boolean) {
    const others = conditions.filter((one) => written(one) !== written(condition));
    change(isOn ? others : [...others, condition]);
  }
  return (
    <section>
      <h2>{title}</h2>
      <ul>
        {groups.map(({ key, count: all }) => {
          const condition = { path, operator, value: key[0]?.value ?? "" };
          const isOn = conditions.some((one) => written(one) === written(condition));
          return (
            <li key={condition.value}>
              <button type="button" aria-pressed={isOn} onClick={() => toggle(condition, isOn)}>
                <span>{name(condition.value)}</span>
                <span>{count(all)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
