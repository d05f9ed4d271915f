from odoo import models

from ..protocol import content, errors, results, revisions
from ..toolsets.context import InputRequired
from ..toolsets.tool import ToolError
from .call import Call, Refusal

URI_LENGTH = 2000


class McpGateway(models.AbstractModel):
    """Resources, prompts and completion (server/resources, server/prompts, server/utilities/completion).

    All of it only reads, whatever the connection's scope. What a tool shows too is there only with that tool.
    """

    _inherit = "mcp.gateway"

    # Resources

    def _method_resources_list(self, call: Call) -> dict:
        return self._page(call, "resources", self._resource_definitions(call, is_template=False))

    def _method_resources_templates_list(self, call: Call) -> dict:
        return self._page(call, "resourceTemplates", self._resource_definitions(call, is_template=True))

    def _resource_definitions(self, call: Call, *, is_template: bool) -> list[dict]:
        resources = self._resources(call).values()
        return [resource.definition() for _model, resource in resources if resource.is_template == is_template]

    def _resources(self, call: Call) -> dict:
        return {
            uri: found
            for uri, found in self.env["mcp.toolset"]._resources().items()
            if self._may_use_named(call, found[1].tool)
        }

    def _method_resources_read(self, call: Call) -> dict:
        uri = call.message.params.get("uri")
        if not isinstance(uri, str) or len(uri) > URI_LENGTH:
            raise self._invalid_params(call, "uri must be the address of a resource.")
        found = next(self._matching(call, uri), None)
        if found is None:
            raise self._no_resource(call, uri)
        model, resource, variables = found
        value = self._read_only(call, uri, lambda env: env[model]._call_resource(resource, variables))
        if isinstance(value, dict):
            return value
        if value is None:
            raise self._no_resource(call, uri)
        return results.resource([content.contents(uri, value, resource.mime_type)], call.message)

    def _matching(self, call: Call, uri: str):
        for model, resource in self._resources(call).values():
            if (variables := resource.match(uri)) is not None:
                yield model, resource, variables

    def _no_resource(self, call: Call, uri: str) -> Refusal:
        is_modern = call.message.era == revisions.MODERN_ERA
        code = errors.INVALID_PARAMS if is_modern else errors.LEGACY_RESOURCE_NOT_FOUND
        status = errors.http_status(code, call.message.era)
        return Refusal(status, code, "There is no such resource that you can read.", data={"uri": uri})

    # Prompts

    def _method_prompts_list(self, call: Call) -> dict:
        prompts = self._prompts(call).values()
        return self._page(call, "prompts", [prompt.definition() for _model, prompt in prompts])

    def _prompts(self, call: Call) -> dict:
        return self.env["mcp.toolset"]._prompts_for(call.user)

    def _method_prompts_get(self, call: Call) -> dict:
        params = call.message.params
        name, given = params.get("name"), params.get("arguments") or {}
        model, prompt = self._prompts(call).get(name, (None, None)) if isinstance(name, str) else (None, None)
        if prompt is None:
            raise self._invalid_params(call, "There is no such prompt. prompts/list tells which there are.")
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            raise self._invalid_params(call, "The arguments of a prompt must be an object of texts.")
        known = {argument.name for argument in prompt.arguments}
        missing = [a.name for a in prompt.arguments if a.required and a.name not in given]
        if missing or given.keys() - known:
            wanted = ", ".join(a.name + ("" if a.required else " (optional)") for a in prompt.arguments) or "none"
            raise self._invalid_params(call, f"Arguments of {name}: {wanted}.")
        messages = self._read_only(call, name, lambda env: env[model]._call_prompt(prompt, given))
        return messages if isinstance(messages, dict) else results.prompt(prompt.description, messages)

    def _read_only(self, call: Call, what: str, function):
        """What ``function`` returned, or a result that asks the client for input.

        :raise Refusal: there is no ``isError`` here, so what went wrong is an error of the protocol
        """
        try:
            return self._run(call, what, function, read_only=True)
        except InputRequired as pause:
            return self._input_required(call, pause)
        except ToolError as error:
            raise self._invalid_params(call, str(error)) from None

    # Completion

    def _method_complete(self, call: Call) -> dict:
        params = call.message.params
        reference, argument = params.get("ref"), params.get("argument")
        if not isinstance(reference, dict) or not isinstance(argument, dict):
            raise self._invalid_params(call, "ref and argument must be objects.")
        name, begun = argument.get("name"), argument.get("value")
        if not isinstance(name, str) or not isinstance(begun, str):
            raise self._invalid_params(call, "argument must have a name and the value begun so far.")
        model = self._completed_model(call, reference, name)
        shown_by = "list_models" if model == "ir.model" else "search_records"
        if model is None or not self._may_use_named(call, shown_by):
            return results.completion([], 0)
        values = self._read_only(call, "completion", lambda env: self._completions(env, model, begun))
        return results.completion(values, len(values))

    def _completed_model(self, call: Call, reference: dict, name: str) -> str | None:
        """The model whose records complete an argument; ``ir.model`` stands for the names of models."""
        if reference.get("type") == "ref/prompt":
            _model, prompt = self._prompts(call).get(str(reference.get("name")), (None, None))
            if prompt is None:
                raise self._invalid_params(call, "There is no such prompt. prompts/list tells which there are.")
            return next((argument.model for argument in prompt.arguments if argument.name == name), None)
        if reference.get("type") == "ref/resource":
            uri = reference.get("uri")
            _model, resource = self._resources(call).get(str(uri), (None, None))
            if resource is None:
                raise self._invalid_params(call, "There is no such resource template.")
            return "ir.model" if name == "model" and name in resource.variables else None
        raise self._invalid_params(call, "ref.type must be ref/prompt or ref/resource.")

    def _completions(self, env, model: str, begun: str) -> list[str]:
        if model == "ir.model":
            found = env["mcp.toolset.records"].list_models(query=begun[:100])
            return [info.model for info in found.models]
        guard = env["mcp.guard"]
        target = guard._readable_model(model)
        domain = guard._limit_domain(target)
        return [name for _id, name in target.name_search(begun[:100], list(domain), limit=100)]
