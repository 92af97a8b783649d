internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Puts the routes into Hummingbird's router.
enum APIRouter {
    static func make(_ routes: [Route], _ door: Door, _ dashboard: DashboardFiles, maxBody: Int)
        -> Router<APIContext>
    {
        let router = Router(context: APIContext.self)
        router.add(middleware: LastWord(door: door))
        for route in routes {
            let responder = RouteResponder(route: route, door: door, maxBody: maxBody)
            router.on(RouterPath(routerPath(route)), method: route.method, responder: responder)
        }
        dashboard.addRoutes(to: router, door)
        return router
    }

    /// A topic holds slashes: whatever follows is the parameter.
    private static func routerPath(_ route: Route) -> String {
        let last = route.parameters.last { $0.place == .path }
        guard let last, last.name == "topic" else { return route.path }
        return String(route.path.prefix { $0 != "{" }) + "**"
    }
}

/// Has the last word on every answer: headers that browsers heed, and an envelope for what no route has answered.
private struct LastWord: RouterMiddleware {
    let door: Door

    func handle(
        _ request: Request,
        context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as HTTPError {
            response = unrouted(request, context, error)
        }
        for (name, value) in SecurityHeaders.all { response.headers[name] = value }
        // A HEAD is answered without a body, and with no more than what a GET would say.
        return response
    }

    /// A stranger does not even learn what there is not.
    private func unrouted(_ request: Request, _ context: APIContext, _ error: HTTPError) -> Response {
        do throws(APIError) {
            _ = try door.admit(request.head, context.channel, isOpen: false)
            guard error.status == .notFound || error.status == .methodNotAllowed else {
                return Envelope.error(APIError(.invalidParameters, error.body ?? "the request cannot be read"))
            }
            return Envelope.error(.notFound("there is nothing at \(request.method) of this path; see /openapi.json"))
        } catch {
            return Envelope.error(error)
        }
    }
}
